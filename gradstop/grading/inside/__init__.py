"""What runs in a submission's process. It is loaded before the submission, and holds nothing that is secret."""
