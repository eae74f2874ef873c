"""A marketplace in a box: its own process, its own SQLite file, reached only over HTTP.

It stands in for a real marketplace in demonstrations and tests, and judges the integration from outside. It imports
nothing of the project and nothing of the project imports it.

The input may choose the outcome, so that no fault needs to be switched on to see one:

* a SKU ending in ``-REJECT`` is rejected with a reason;
* a SKU ending in ``-SLOW`` stays pending until its submission was asked for three times;
* the client secret ``bad`` is refused, and so is the access token ``bad``.
"""
