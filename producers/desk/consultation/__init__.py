"""A consultation: what a resident tells an operator, what the desk answers, and the report that it becomes.

- `reading`, pure: from what was typed to a submission for the gateway, or to what is wrong with it
- `answering`, pure: what the operator reads and says
- `similar`: reports like this one, from the index
"""
