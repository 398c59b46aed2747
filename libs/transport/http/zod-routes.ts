/** Uses zod schemas for request checks, handler types and the OpenAPI document of a route. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifySchema,
  FastifySchemaCompiler,
  FastifyTypeProvider,
} from 'fastify';
import type { FastifySerializerCompiler } from 'fastify/types/schema.js';
import { z } from 'zod';
import { type FieldIssue, invalidArgument } from '../../contracts/request-check.ts';
import { unknownFieldsNow } from '../../modules/check/unknown-fields.ts';

/** Types handlers by their schemas: the parsed request, and the body of the response. */
export interface ZodTypeProvider extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  readonly serializer: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
}

/** Without a certificate its server is of `node:http`; the parts that are used are the same. */
export type HttpApp = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

/**
 * Refuses requests that do not match their schema with `api.invalid_argument`, with all issues at once. Other fields are ignored,
 * because front ends send more than is read; but one that looks like a mistyped name of an absent field is refused.
 */
export const zodValidator: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const isTyped = httpPart === 'body' || httpPart === 'querystring';
  return (data: unknown) => {
    const given = data ?? {};
    const read = schema.safeParse(given);
    if (!read.success) return { error: invalidArgument(read.error.issues.flatMap(meant).map(toIssue)) };
    if (!isTyped) return { value: read.data };
    const unknown = unknownFieldsNow((input) => schema.parse(input), given);
    const mistyped = unknown.filter(({ nearest }) => nearest !== undefined);
    return mistyped.length === 0 ? { value: read.data } : { error: invalidArgument(mistyped) };
  };
};

/** Responses are not checked at run time: tests check them against their schemas. */
export const jsonSerializer: FastifySerializerCompiler<z.ZodType> = () => (data) => JSON.stringify(data);

/** Of a union the issues of the option that was meant: the one whose type the value has. */
function meant(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const isOfType = (each: z.core.$ZodIssue): boolean => each.code !== 'invalid_type' || each.path.length > 0;
  const [only, ...others] = issue.errors.filter((option) => option.every(isOfType));
  if (only === undefined || others.length > 0) return [issue];
  return only.flatMap((each) => meant({ ...each, path: [...issue.path, ...each.path] }));
}

function toIssue({ path, message }: z.core.$ZodIssue): FieldIssue {
  const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return { path: place.replace(/^\./, '') || 'the body', message: inWords(message) };
}

/** Turns zod's messages into predicates; ours are predicates already. */
function inWords(message: string): string {
  const [, expected, received] = /^Invalid input: expected (.+), received (.+)$/.exec(message) ?? [];
  if (expected !== undefined) return `should be of type ${expected}, but is ${received}`;
  return /^[A-Z]/.test(message) ? `is wrong: ${message}` : message;
}

const PARTS = ['body', 'querystring', 'params', 'headers'] as const;

/** Converts a route's zod schemas to the JSON schemas of OpenAPI 3.1; other schemas are returned unchanged. */
export function toJsonSchemas(schema: FastifySchema): FastifySchema {
  const converted: Record<string, unknown> = { ...schema };
  for (const part of PARTS) if (schema[part] !== undefined) converted[part] = jsonSchema(schema[part], 'input');
  if (schema.response !== undefined) {
    const answers = Object.entries(schema.response as Record<string, unknown>);
    converted.response = Object.fromEntries(answers.map(([status, answer]) => [status, jsonSchema(answer, 'output')]));
  }
  return converted as FastifySchema;
}

function jsonSchema(schema: unknown, io: 'input' | 'output'): unknown {
  if (!(schema instanceof z.ZodType)) return schema;
  // A type without a JSON schema, such as a transformation's result, becomes "any".
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, reused: 'inline', unrepresentable: 'any' });
  return rest;
}
