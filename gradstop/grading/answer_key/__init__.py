"""What an assignment's solutions and known wrong answers do, under seeds that nobody else knows."""
