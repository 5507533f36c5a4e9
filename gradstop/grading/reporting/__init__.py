"""What is made of graded submissions: the class report, exports, and one verdict explained."""
