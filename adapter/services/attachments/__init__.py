"""Files that declarants and officers attach: kept, scanned, named by signed declarations, given out."""
