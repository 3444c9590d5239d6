"""Work done ahead: what is likely to be wanted is made while the person speaks, reads or decides."""
