/** zod as the one source of a route: what is checked, what handlers are given, and what the OpenAPI document says. */
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

/** Gives handlers what their schemas make of a request, and asks them for what the schemas of answers take. */
export interface ZodTypeProvider extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  readonly serializer: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
}

/** Its server is one of `node:http` where there is no certificate; what is used of it is the same. */
export type HttpApp = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

/** Refuses what a schema does not take with `api.invalid_argument`, every wrong place at once. */
export const zodValidator: FastifySchemaCompiler<z.ZodType> = ({ schema }) => {
  return (data: unknown) => {
    const read = schema.safeParse(data ?? {});
    return read.success ? { value: read.data } : { error: invalidArgument(read.error.issues.map(toIssue)) };
  };
};

/** Answers are written as they are: their schemas are held by tests, not at the cost of every answer. */
export const jsonSerializer: FastifySerializerCompiler<z.ZodType> = () => (data) => JSON.stringify(data);

function toIssue({ path, message }: z.core.$ZodIssue): FieldIssue {
  const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return { path: place.replace(/^\./, '') || 'the body', message: inWords(message) };
}

/** zod's sentences as predicates; ours are predicates already. */
function inWords(message: string): string {
  const [, expected, received] = /^Invalid input: expected (.+), received (.+)$/.exec(message) ?? [];
  if (expected !== undefined) return `should be of type ${expected}, but is ${received}`;
  return /^[A-Z]/.test(message) ? `is wrong: ${message}` : message;
}

const PARTS = ['body', 'querystring', 'params', 'headers'] as const;

/** A route's schemas as the JSON schemas of OpenAPI 3.1; what is no zod schema stays as it is. */
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
  // What has no JSON schema of its own, such as a transformation's result, is shown as anything.
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, reused: 'inline', unrepresentable: 'any' });
  return rest;
}
