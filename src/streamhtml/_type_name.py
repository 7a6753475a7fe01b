"""The name of a value's type, for error messages."""


def type_name(value: object) -> str:
    """Return the type's qualified name, with its module unless it is a builtin."""
    kind = type(value)
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def with_article(value: object) -> str:
    """Return the type's name with its article, as in "an int" and "a list"; or "None"."""
    if value is None:
        return "None"
    name = type_name(value)
    return f"{'an' if name[0].lower() in 'aeio' else 'a'} {name}"
