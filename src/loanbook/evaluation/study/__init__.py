"""Studies: what preparing the data bought, what each remedy does to overfitting, what more loans would bring.

Each is a function of loans and a setting that gives plain data; `loanbook study` prints it and keeps it for the report.
A study looks at the rows before the test rows alone.
"""
