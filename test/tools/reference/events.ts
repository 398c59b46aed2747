/** `docs/reference/events.md`, of the events as they are defined. */
import { EVENTS, type EventDefinition } from '../../../libs/contracts/events.ts';
import { code, pageHead, table } from './markdown.ts';

const INTRODUCTION = `
Events report what happens to a run: as rows of its timeline, exactly once, and as messages on the subject \`chain.event.<type>\`,
at least once. Both are written together with their transition, never without it. Circuit breakers belong to no run:
their events are messages only, and name the run during which the breaker changed.

An event has an id (subject, epoch and type, such as \`<node>:2:DeadLettered\`), by which a reader can drop
duplicates; its type; the version of its data; \`runId\`, \`moduleId\` and \`nodeId\`, empty if it is not about one; the
epoch; and the time \`atMs\` on the coordinator's clock, in Unix milliseconds. Types and keys never change. A change of the data
that could break a reader raises the version; a new field does not.
`;

export function eventsPage(): string {
  const events = Object.values<EventDefinition>(EVENTS).sort((a, b) => (a.type < b.type ? -1 : 1));
  const rows = events.map(({ type, key, version, subject, about, data }) => [
    code(type),
    about,
    subject,
    data.map(code).join(', '),
    String(version),
    code(key),
  ]);
  return `${pageHead('Events', 'libs/contracts/events.ts')}${INTRODUCTION}
${table(['type', 'when', 'subject', 'data', 'version', 'key'], rows)}
`;
}
