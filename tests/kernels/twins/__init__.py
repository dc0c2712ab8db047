"""For each compiled function of `shortlist_kernels`, its twin: the same in numpy or plain Python, as one would write it
if time did not matter.

The twin of `shortlist_kernels.<subject>.<name>` is `twins.<subject>.<name>`. Beside it, `<name>_inputs` draws the
arguments that both are called with, and `<name>_outcome`, where there is one, picks out what must be equal: without
it, what is returned and what every argument holds afterwards.
"""
