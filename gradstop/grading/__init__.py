"""Decide what a submission is worth: the judge, and how it meets nbgrader."""
