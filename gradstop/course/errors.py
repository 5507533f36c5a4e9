"""The error of whoever uses the course."""


class CourseError(Exception):
    """Something about the course's files that the reader of the message can mend."""
