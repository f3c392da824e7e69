// Reads Slack's published TypeScript types and prints them as a JSON schema: one for the arguments of each method,
// and one each for a view and for a list of blocks.
//
//   node types_to_schema.js TYPESCRIPT_FOLDER WEB_API_FOLDER TYPES_FOLDER
"use strict";
const path = require("node:path");

const [typescript, webApi, slackTypes] = process.argv.slice(2);
const ts = require(path.join(typescript, "lib", "typescript.js"));

const entry = path.join(webApi, "aside-entry.ts");
const source = `
import type { Methods } from "./dist/methods";
import type { KnownBlock, View } from "@slack/types";
export type AllMethods = Methods;
export type AnyView = View;
export type Blocks = KnownBlock[];
`;
const options = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  paths: { "@slack/types": [path.join(slackTypes, "dist", "index.d.ts")] },
};
const host = ts.createCompilerHost(options);
const read = host.getSourceFile.bind(host);
host.getSourceFile = (name, ...rest) =>
  name === entry ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022) : read(name, ...rest);
const exists = host.fileExists.bind(host);
host.fileExists = (name) => name === entry || exists(name);

const program = ts.createProgram([entry], options, host);
const checker = program.getTypeChecker();
const file = program.getSourceFile(entry);
const F = ts.TypeFlags;

const defs = {};
const names = new Map();

/** The schema of a type; of an object a reference, since blocks hold blocks. */
function schema(type) {
  if (type.flags & (F.Any | F.Unknown | F.TypeParameter)) return {};
  if (type.flags & F.Never) return false;
  if (type.flags & F.StringLiteral || type.flags & F.NumberLiteral) return { const: type.value };
  if (type.flags & F.BooleanLiteral) return { const: type.intrinsicName === "true" };
  if (type.flags & (F.StringLike | F.TemplateLiteral)) return { type: "string" };
  if (type.flags & F.NumberLike) return { type: "number" };
  if (type.flags & F.BooleanLike && !type.isUnion()) return { type: "boolean" };
  if (type.flags & F.Null) return { type: "null" };
  if (type.flags & (F.Undefined | F.Void)) return false;
  if (type.isUnion()) return union(type.types);
  if (type.isIntersection() && type.types.some((part) => part.flags & F.StringLike)) return { type: "string" };
  if (checker.isArrayType(type)) return { type: "array", items: schema(checker.getTypeArguments(type)[0]) };
  if (checker.isTupleType(type)) return tuple(type);
  if (type.getCallSignatures().length) return false;
  return reference(type);
}

function tuple(type) {
  const items = checker.getTypeArguments(type).map(schema);
  return { type: "array", prefixItems: items, minItems: type.target.minLength, items: items.at(-1) ?? false };
}

/** One of several: where each names its `type`, that alone says which one is meant. */
function union(types) {
  const kinds = new Map();
  const others = [];
  for (const each of types) {
    const kind = each.flags & F.Object || each.isIntersection() ? each.getProperty("type") : undefined;
    const of = kind && checker.getTypeOfSymbol(kind);
    if (of?.isStringLiteral()) kinds.set(of.value, [...(kinds.get(of.value) ?? []), each]);
    else if (!of || !(of.flags & F.String)) others.push(each); // a `type` that may be anything would take all
    else if (!types.some((one) => one !== each && one.getProperty?.("type"))) others.push(each);
  }
  const plain = others.map(schema).filter((each) => each !== false);
  const literals = plain.filter((each) => each !== true && "const" in each).map((each) => each.const);
  const rest = plain.filter((each) => !("const" in each));
  const made = [...rest];
  if (literals.length) made.push({ enum: literals });
  if (kinds.size === 1) made.push(anyOf([...kinds.values()][0].map(schema)));
  if (kinds.size > 1) made.push(byKind(kinds));
  return anyOf(made);
}

const anyOf = (schemas) => (schemas.length === 1 ? schemas[0] : { anyOf: schemas });

function byKind(kinds) {
  const cases = [...kinds].map(([kind, types]) => ({
    if: { properties: { type: { const: kind } } },
    then: anyOf(types.map(schema)),
  }));
  return {
    type: "object",
    required: ["type"],
    properties: { type: { enum: [...kinds.keys()] } },
    allOf: cases,
  };
}

function reference(type) {
  if (!names.has(type)) {
    const name = `${type.aliasSymbol?.name ?? type.symbol?.name ?? "type"}.${names.size}`;
    names.set(type, name);
    defs[name] = {};
    defs[name] = objectSchema(type);
  }
  return { $ref: `#/$defs/${names.get(type)}` };
}

function objectSchema(type) {
  const properties = {};
  const required = [];
  for (const property of checker.getPropertiesOfType(type)) {
    properties[property.name] = schema(checker.getTypeOfSymbol(property));
    if (!(property.flags & ts.SymbolFlags.Optional)) required.push(property.name);
  }
  const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
  const found = { type: "object", properties, additionalProperties: index ? schema(index.type) : false };
  return required.length ? { ...found, required } : found;
}

/** `chat.postMessage` and all its siblings, with the type of what they take. */
function methods(type, above, found) {
  for (const property of checker.getPropertiesOfType(type)) {
    const name = above ? `${above}.${property.name}` : property.name;
    const of = checker.getNonNullableType(checker.getTypeOfSymbol(property));
    const [signature] = of.getCallSignatures();
    if (signature) {
      const [taken] = signature.getParameters();
      if (above && taken) found[name] = schema(checker.getNonNullableType(checker.getTypeOfSymbol(taken)));
    } else if (of.flags & F.Object && property.declarations?.[0].getSourceFile().fileName.endsWith("methods.d.ts")) {
      methods(of, name, found);
    }
  }
  return found;
}

const exported = (name) => {
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(file));
  return checker.getDeclaredTypeOfSymbol(symbols.find((each) => each.name === name));
};
const read_ = { methods: methods(exported("AllMethods"), "", {}), view: schema(exported("AnyView")) };
process.stdout.write(JSON.stringify({ ...read_, blocks: schema(exported("Blocks")), $defs: defs }));
