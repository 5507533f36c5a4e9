"""What a learning platform gives, a zip or a folder, to hand-ins where they are graded."""
