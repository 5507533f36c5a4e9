"""One module a page: each of its sentences with *all*, *never* and the like, and the probe that tries it.

A value is a probe, which returns for each kind of input whether the sentence holds, or words on why there is none.
"""

HERE = "speaks of the cell beside it, whose output is stored"
DO = "says what to do"
NAMES = "says what the page or the test does"
DEFINES = "says what a word means"
CLAIM = "is a claim that people make, with its verdict"
# How a page of the clinic begins.
CLINIC = {
    "Each entry begins with a small cell that gives the message.": NAMES,
    "For the text of your message, see all messages.": NAMES,
    "Torch gives some warnings once only, and adds paths of its own.": NAMES,
    "Here each warning is shown, without paths.": NAMES,
}
