"""Which single changes there are in a module's functions, and the code that one of them leads to.

Only bodies of functions are changed: what stands at the top of a module has run before any test.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType

FAMILIES = ("pipeline", "services", "gateways")
_OTHER: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_SUMS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: where, of what kind, and which of the module's places of that kind (counted from 0)."""

    module: str
    """Path below the root: adapter/pipeline/xml.py"""
    function: str
    """Qualified name of the outermost function that holds the place."""
    line: int
    kind: str
    place: int

    @property
    def family(self) -> str:
        return self.module.split("/")[1]

    @property
    def name(self) -> str:
        return f"{self.module}:{self.line} {self.kind} {self.place}"


def chosen(root: Path, count: int, seed: int) -> list[Mutant]:
    """Mutants in an order that a seed decides: a round takes one from each module, of a kind that is drawn first."""
    draw = random.Random(seed)
    pools = {module: _by_kind(root, module) for module in _modules(root)}
    pools = {module: kinds for module, kinds in pools.items() if kinds}
    found: list[Mutant] = []
    while pools and len(found) < count:
        for module in draw.sample(sorted(pools), len(pools)):
            kinds = pools[module]
            pool = kinds[draw.choice(sorted(kinds))]
            found.append(pool.pop(draw.randrange(len(pool))))
            for empty in [kind for kind, left in kinds.items() if not left]:
                del kinds[empty]
        pools = {module: kinds for module, kinds in pools.items() if kinds}
    return found[:count]


def _modules(root: Path) -> list[str]:
    files = (file for family in FAMILIES for file in (root / "adapter" / family).rglob("*.py"))
    return sorted(str(file.relative_to(root)) for file in files if "migrations" not in file.parts)


def _by_kind(root: Path, module: str) -> dict[str, list[Mutant]]:
    """To take from: what is kept of a module stays."""
    return {kind: list(places) for kind, places in _all_of(root, module).items()}


@cache
def _all_of(root: Path, module: str) -> dict[str, list[Mutant]]:
    found: dict[str, list[Mutant]] = {}
    counted: dict[str, int] = {}
    tree = ast.parse((root / module).read_text(encoding="utf-8"))
    for name, function in _functions(tree):
        for kind, node in _places(function):
            place = counted.get(kind, 0)
            counted[kind] = place + 1
            found.setdefault(kind, []).append(Mutant(module, name, getattr(node, "lineno", 0), kind, place))
    return found


def described(root: Path, mutant: Mutant) -> str:
    """The statement before and after, each on one line."""
    tree, changed = ast.parse((root / mutant.module).read_text(encoding="utf-8")), mutated(root, mutant)
    before, after = (ast.unparse(_at(each, mutant.line)) for each in (tree, changed))
    return f"{_first(before)}  ->  {_first(after)}"


def _first(text: str) -> str:
    return " ".join(text.split())[:110]


def _at(tree: ast.Module, line: int) -> ast.AST:
    """The smallest statement that holds the line."""
    holding = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return min(holding, key=lambda node: (node.end_lineno or 0) - node.lineno)


def mutated(root: Path, mutant: Mutant) -> ast.Module:
    """The module's tree with the change in it."""
    tree = ast.parse((root / mutant.module).read_text(encoding="utf-8"))
    places = [node for _, function in _functions(tree) for kind, node in _places(function) if kind == mutant.kind]
    node = places[mutant.place]
    replacement = _changed(mutant.kind, node)
    tree = _Put(node, replacement).visit(tree)
    return ast.fix_missing_locations(tree)


def codes(tree: ast.Module, filename: str) -> dict[str, CodeType]:
    """The compiled functions of a module by their qualified names; of several of one name the last."""
    return dict(_codes(compile(tree, filename, "exec", dont_inherit=True)))


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner.co_qualname, inner
            yield from _codes(inner)


def _functions(tree: ast.Module) -> Iterator[tuple[str, _Function]]:
    """Functions and methods, not those inside of others."""
    for node in tree.body:
        if isinstance(node, _Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, _Function):
                    yield f"{node.name}.{inner.name}", inner


def _places(function: _Function) -> Iterator[tuple[str, ast.AST]]:
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    for statement in body:
        for node in ast.walk(statement):
            yield from ((kind, node) for kind in _kinds(node))


def _kinds(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Compare(ops=[only]) if type(only) in _OTHER:
            yield "comparison"
        case ast.BoolOp():
            yield "boolean"
        case ast.UnaryOp(op=ast.Not()):
            yield "not"
        case ast.If() | ast.IfExp():
            yield "condition"
        case ast.BinOp(op=sum_) if type(sum_) in _SUMS:
            yield "arithmetic"
        case ast.Constant(value=bool() | int() | float()):
            yield "constant"
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield "return"
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise():
            yield "statement"


def _changed(kind: str, node: ast.AST) -> ast.AST:
    made = copy.deepcopy(node)
    match kind, made:
        case "comparison", ast.Compare(ops=[only]):
            made.ops = [_OTHER[type(only)]()]
        case "boolean", ast.BoolOp(op=op):
            made.op = ast.Or() if isinstance(op, ast.And) else ast.And()
        case "not", ast.UnaryOp(operand=operand):
            return operand
        case "condition", ast.If(test=test) | ast.IfExp(test=test):
            made.test = ast.copy_location(ast.UnaryOp(ast.Not(), test), test)
        case "arithmetic", ast.BinOp(op=op):
            made.op = _SUMS[type(op)]()
        case "constant", ast.Constant(value=value):
            made.value = (not value) if isinstance(value, bool) else value + 1
        case "return", ast.Return():
            made.value = ast.Constant(None)
        case "statement", _:
            return ast.copy_location(ast.Pass(), node)
    return made


class _Put(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self._new if node is self._old else self.generic_visit(node)


def families(mutants: Sequence[Mutant]) -> dict[str, list[Mutant]]:
    """By family."""
    return {family: [each for each in mutants if each.family == family] for family in FAMILIES}
