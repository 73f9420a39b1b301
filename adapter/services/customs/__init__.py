"""What customs do here: look results up (letter of 27/5/2022), each officer with his own rights."""
