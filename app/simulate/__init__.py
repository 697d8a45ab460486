"""Two peers to test, train and show against: a 4D REST server and a service of product images.

Both run from the standard library, with invented data made from a seed.  They keep the habits of the real ones,
the bad ones included; :mod:`app.simulate.quirks` switches those on and off while they run.
"""
