"""Lays an XML record out as named texts: the path below the record is the name. No meaning is given to any of it.

    <urun id="7"><ad>Bıçak</ad><resimler><resim>a</resim><resim>b</resim></resimler></urun>
    {"@id": "7", "ad": "Bıçak", "resimler/resim": ["a", "b"]}

Names lose their namespace prefix, unless two elements beside each other would then have one name: the one with a
prefix keeps it. Text is joined across comments and CDATA and stripped; an empty element is None.
"""

from lxml import etree

Value = str | None | list["Value"] | dict[str, "Value"]
Fields = dict[str, Value]
_TEXT = "#text"
_NONE: frozenset[etree._Element] = frozenset()


def flatten(record: etree._Element, variant_path: list[str]) -> list[Fields]:
    """The rows of a record: one per variant, or one if it has none."""
    variants = _variants(record, variant_path)
    fields: Fields = {}
    _add_attributes(record, "", fields)
    if text := _own_text(record):
        fields[_TEXT] = text
    _add_children(record, "", fields, frozenset(variants))
    if not variants:
        return [fields]
    rows = []
    for variant in variants:
        row = dict(fields)
        _add_element(variant, "/".join(variant_path), row, _NONE)
        rows.append(row)
    return rows


def _variants(record: etree._Element, path: list[str]) -> list[etree._Element]:
    level = [record] if path else []
    for name in path:
        level = [child for element in level for child in element if _local(child.tag) == name]
    return level


def _add_children(parent: etree._Element, prefix: str, fields: Fields, leave_out: frozenset[etree._Element]) -> None:
    groups: dict[str, list[etree._Element]] = {}
    for child in parent:
        if child not in leave_out:
            groups.setdefault(child.tag, []).append(child)
    for name, elements in zip(_names(groups), groups.values(), strict=True):
        if len(elements) == 1:
            _add_element(elements[0], prefix + name, fields, leave_out)
        else:
            fields[prefix + name] = _array(elements, leave_out)


def _add_element(element: etree._Element, name: str, fields: Fields, leave_out: frozenset[etree._Element]) -> None:
    _add_attributes(element, f"{name}/", fields)
    if not len(element):
        fields[name] = _stripped(element.text)
    elif _own_text(element):
        fields[name] = _stripped("".join(map(str, element.itertext())))
    else:
        _add_children(element, f"{name}/", fields, leave_out)


def _add_attributes(element: etree._Element, prefix: str, fields: Fields) -> None:
    for key, value in element.items():
        fields[f"{prefix}@{_local(str(key))}"] = _stripped(str(value))


def _array(elements: list[etree._Element], leave_out: frozenset[etree._Element]) -> Value:
    """Elements of one name beside each other: the texts there are, or objects if any element has parts."""
    if not any(len(element) or element.keys() for element in elements):
        return without_none([_stripped(element.text) for element in elements])
    objects: list[Value] = []
    for element in elements:
        parts: Fields = {}
        _add_attributes(element, "", parts)
        text = _own_text(element)
        if text or not len(element):
            parts[_TEXT] = text
        _add_children(element, "", parts, leave_out)
        if parts:
            objects.append(parts)
    return objects or None


def without_none(values: list[Value]) -> Value:
    """The values that are there; None if there are none."""
    return [value for value in values if value is not None] or None


def _own_text(element: etree._Element) -> str | None:
    """The text directly in an element, without that of its children; None if there is only white space."""
    return _stripped("".join([element.text or "", *(child.tail or "" for child in element)]))


def _names(groups: dict[str, list[etree._Element]]) -> list[str]:
    """The names of elements beside each other: local, with the prefix where two would be alike."""
    names = [_local(tag) for tag in groups]
    if len(set(names)) == len(names):
        return names
    prefixes = [elements[0].prefix for elements in groups.values()]
    return [
        f"{prefix}:{name}" if prefix and names.count(name) > 1 else name
        for name, prefix in zip(names, prefixes, strict=True)
    ]


def _local(tag: str) -> str:
    return tag[max(tag.rfind("}"), tag.rfind(":", tag.rfind("}") + 1)) + 1 :]


def _stripped(text: str | None) -> str | None:
    return (text.strip() or None) if text else None
