CONTEXT = {"messages": [{"role": "user", "content": "Hi"}], "tools": None, "variables": {}}
SNIPPETS = ["{{ 1 }}"]
