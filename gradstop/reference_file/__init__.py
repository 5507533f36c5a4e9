"""``reference.json``: what an assignment's solutions and known wrong answers did, written small and read back.

It is JSON text with a line for each trial and for each case of a wrong answer. What trials have in common stands once:
in a case what is asked, in an exercise what is given and the outlines, which are values without their numbers. A trial
has its parts, such as lists of numbers, and its values, each the number of an outline and those of the parts that fill
it: the solution's first, one for each observation, then those that wrong answers have in their place.
"""

from gradstop.reference_file.read import read_reference_file
from gradstop.reference_file.structure import ReferenceFile
from gradstop.reference_file.write import reference_text

__all__ = ["ReferenceFile", "read_reference_file", "reference_text"]
