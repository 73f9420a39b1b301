"""What tests, demo and benchmark share: the fixtures, the parties that sign them, the attacks, the second opinion."""
