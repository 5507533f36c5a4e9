"""Who is whom: the class list, and how each learning platform calls a student and what they handed in."""
