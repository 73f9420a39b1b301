"""A store of many dossiers, made from a small one that the program itself has filled: each of its rows many times."""
