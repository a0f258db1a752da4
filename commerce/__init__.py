"""Words everyone shares, in pure Python: amounts, currencies, GTINs, volumetric weight, kinds of errors."""
