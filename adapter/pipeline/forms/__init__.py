"""Forms for people, drawn from mapping and XSD: what to ask, how it is typed, how it becomes XML, where a fault stands.

Nothing here names a form, a field or a code: those are data. No I/O, no clock.
"""
