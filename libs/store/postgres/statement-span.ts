/** The spans of statements, by OpenTelemetry's conventions for databases: what is done with which table, and never a value. */
import { ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from '@opentelemetry/semantic-conventions';
import type { CallSpan, SpanFields } from '../../telemetry/spans.ts';

/** Where a database is, without its user and password. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

export function addressOf(url: string): DatabaseAddress {
  const { hostname, port, pathname } = new URL(url);
  return { host: hostname, port: Number(port || '5432'), database: pathname.slice(1) };
}

/** A statement's first word, and the first table that it names. */
const OPERATION = /^\s*(?:\/\*.*?\*\/\s*)?(\w+)/s;
const CHANGE = /\b(?:INSERT|UPDATE|DELETE|MERGE)\b/i;
const TABLE = /\b(?:FROM|INTO|UPDATE|JOIN|TABLE)\s+(?:ONLY\s+|IF\s+(?:NOT\s+)?EXISTS\s+)?"?(\w+)"?/i;

export function statementSpan(
  { name, text }: { readonly name?: string; readonly text: string },
  address: DatabaseAddress,
): CallSpan {
  const first = (OPERATION.exec(text)?.[1] ?? 'QUERY').toUpperCase();
  // After WITH, what the statement changes says more than its first word.
  const operation = first === 'WITH' ? (CHANGE.exec(text)?.[0].toUpperCase() ?? 'SELECT') : first;
  const table = TABLE.exec(text)?.[1];
  const summary = table === undefined ? operation : `${operation} ${table}`;
  return {
    name: summary,
    kind: 'client',
    fields: {
      ...fieldsOf(operation, summary, address),
      ...(table === undefined ? {} : { 'db.collection.name': table }),
      ...(name === undefined ? {} : { 'db.statement.name': name }),
    },
  };
}

export function transactionSpan(address: DatabaseAddress): CallSpan {
  return { name: 'TRANSACTION', kind: 'client', fields: fieldsOf('TRANSACTION', 'TRANSACTION', address) };
}

function fieldsOf(operation: string, summary: string, { host, port, database }: DatabaseAddress): SpanFields {
  return {
    'db.system.name': 'postgresql',
    'db.operation.name': operation,
    'db.query.summary': summary,
    'db.namespace': database,
    'service.peer.name': 'postgresql',
    'peer.service': 'postgresql',
    [ATTR_SERVER_ADDRESS]: host,
    [ATTR_SERVER_PORT]: port,
  };
}
