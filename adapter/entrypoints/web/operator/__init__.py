"""Pages of operators (vận hành): messages, the window, incidents, deadlines and certificates."""
