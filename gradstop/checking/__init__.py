"""What a learner calls. Nothing is loaded here: to begin an assignment takes no torch."""
