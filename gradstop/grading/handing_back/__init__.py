"""What goes back to the students: feedback for a platform or by nbgrader's exchange."""
