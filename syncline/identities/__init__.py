"""Who is who across the tools, told before it is needed: the people and the accounts that nothing
matches, each with the nearest candidate and the reason why it is near.

A proposal is for a person to take or to leave: nothing here is ever used to match by itself.
`nearest` and `people` and `accounts` are pure; `reading` asks the store and the tools, and writes
to neither.
"""
