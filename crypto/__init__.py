"""The mathematics: group, oblivious evaluation, sharing, signatures, sealing. No I/O, no clock."""
