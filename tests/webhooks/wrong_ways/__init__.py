"""Wrong ways of computing a signature, as people write them, each with what names it.

Each is computed here with the libraries themselves or by hand, never by the code under test.
"""
