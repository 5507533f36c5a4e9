"""How a student stands in an assignment: graded or not and why, until when they may hand in, how late they were."""
