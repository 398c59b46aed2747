/** `docs/reference/messages.md`, of `proto/` as buf reads it: the comments there are the sentences here. */
import { code, pageHead, table } from './markdown.ts';

/** What is read of buf's image in JSON: a FileDescriptorSet with its sources' comments. */
export interface ProtoImage {
  readonly file: readonly ProtoFile[];
}

interface ProtoFile {
  readonly name: string;
  readonly package: string;
  readonly messageType?: readonly ProtoMessage[];
  readonly enumType?: readonly ProtoEnum[];
  readonly service?: readonly ProtoService[];
  readonly sourceCodeInfo: { readonly location: readonly ProtoLocation[] };
}

interface ProtoLocation {
  readonly path?: readonly number[];
  readonly leadingComments?: string;
  readonly leadingDetachedComments?: readonly string[];
}

interface ProtoMessage {
  readonly name: string;
  readonly field?: readonly ProtoField[];
  readonly nestedType?: readonly ProtoMessage[];
  readonly enumType?: readonly ProtoEnum[];
  readonly oneofDecl?: readonly { readonly name: string }[];
  readonly options?: { readonly mapEntry?: boolean };
}

interface ProtoField {
  readonly name: string;
  readonly number: number;
  readonly label: string;
  readonly type: string;
  readonly typeName?: string;
  readonly oneofIndex?: number;
  readonly proto3Optional?: boolean;
}

interface ProtoEnum {
  readonly name: string;
  readonly value: readonly { readonly name: string; readonly number?: number }[];
}

interface ProtoService {
  readonly name: string;
  readonly method: readonly {
    readonly name: string;
    readonly inputType: string;
    readonly outputType: string;
    readonly clientStreaming?: boolean;
    readonly serverStreaming?: boolean;
  }[];
}

/** Positions of what is read in descriptor.proto, of which the paths to comments are made. */
const FILE = { message: 4, enum: 5, service: 6 };
const MESSAGE = { field: 2, nested: 3, enum: 4 };
const ENUM_VALUE = 2;
const METHOD = 2;

const OWN_PACKAGE = 'catena.v1';

const INTRODUCTION = `
The package \`${OWN_PACKAGE}\`: what the services answer over gRPC, and what travels between the stages on the bus. It only ever
grows: numbers are never used again, and a reader leaves alone what it does not know. Beside it every service answers
\`grpc.health.v1\` and server reflection (\`grpc.reflection.v1\`, \`v1alpha\`), which are not Catena's. Every field has a default,
the zero of its type; \`optional\` marks those where being left out means something else.
`;

export function messagesPage(image: ProtoImage): string {
  const files = image.file.filter((file) => file.package === OWN_PACKAGE).sort((a, b) => (a.name < b.name ? -1 : 1));
  return `${pageHead('Messages and services', 'proto/')}${INTRODUCTION}\n${files.map(fileSection).join('\n')}`;
}

type Comments = ReadonlyMap<string, string>;

function fileSection(file: ProtoFile): string {
  const comments: Comments = new Map(
    file.sourceCodeInfo.location.map(({ path = [], leadingComments = '' }) => [path.join('.'), leadingComments]),
  );
  return [
    `## ${file.name.split('/').at(-1)!}`,
    `[proto/${file.name}](../../proto/${file.name})${headOf(file)}`,
    ...(file.service ?? []).map((service, at) => serviceSection(service, `${FILE.service}.${at}`, comments)),
    ...(file.messageType ?? []).flatMap((message, at) =>
      messageSections(message, message.name, `${FILE.message}.${at}`, comments),
    ),
    ...(file.enumType ?? []).map((declared, at) =>
      enumSection(declared, declared.name, `${FILE.enum}.${at}`, comments),
    ),
  ]
    .map((part) => `${part}\n`)
    .join('\n');
}

/** The comment over a file's first line is about the whole. */
function headOf({ sourceCodeInfo: { location } }: ProtoFile): string {
  const syntax = location.find(({ path }) => path?.join('.') === '12');
  const text = oneLine(syntax?.leadingComments ?? '');
  return text === '' ? '' : `: ${text}`;
}

function serviceSection({ name, method }: ProtoService, path: string, comments: Comments): string {
  const rows = method.map((call, at) => [
    code(call.name),
    streamed(call.inputType, call.clientStreaming),
    streamed(call.outputType, call.serverStreaming),
    meaningOf(comments, `${path}.${METHOD}.${at}`, `${name}.${call.name}`),
  ]);
  return section(`service ${name}`, commentOf(comments, path), table(['method', 'takes', 'answers', 'meaning'], rows));
}

function streamed(type: string, isStream = false): string {
  return `${isStream ? 'a stream of ' : ''}${typeLink(type)}`;
}

function messageSections(message: ProtoMessage, name: string, path: string, comments: Comments): string[] {
  const rows = (message.field ?? []).map((field, at) => [
    String(field.number),
    code(field.name),
    fieldType(field, message),
    meaningOf(comments, `${path}.${MESSAGE.field}.${at}`, `${name}.${field.name}`),
  ]);
  const fields = rows.length === 0 ? 'No fields.' : table(['no.', 'field', 'type', 'meaning'], rows);
  return [
    section(name, commentOf(comments, path), fields),
    ...(message.nestedType ?? []).flatMap((nested, at) =>
      nested.options?.mapEntry === true
        ? []
        : messageSections(nested, `${name}.${nested.name}`, `${path}.${MESSAGE.nested}.${at}`, comments),
    ),
    ...(message.enumType ?? []).map((declared, at) =>
      enumSection(declared, `${name}.${declared.name}`, `${path}.${MESSAGE.enum}.${at}`, comments),
    ),
  ];
}

function fieldType(field: ProtoField, owner: ProtoMessage): string {
  const entry = (owner.nestedType ?? []).find(
    ({ name, options }) => options?.mapEntry === true && field.typeName?.endsWith(`.${owner.name}.${name}`) === true,
  );
  if (entry !== undefined) {
    const [key, value] = entry.field!.map(scalarOrLink);
    return `map of ${key} to ${value}`;
  }
  const type = scalarOrLink(field);
  if (field.label === 'LABEL_REPEATED') return `list of ${type}`;
  if (field.proto3Optional === true) return `optional ${type}`;
  const oneOf = field.oneofIndex === undefined ? undefined : owner.oneofDecl?.[field.oneofIndex]?.name;
  return oneOf === undefined ? type : `${type}, one of ${code(oneOf)}`;
}

function scalarOrLink({ type, typeName }: ProtoField): string {
  return typeName === undefined ? code(type.replace('TYPE_', '').toLowerCase()) : typeLink(typeName);
}

function typeLink(typeName: string): string {
  const own = `.${OWN_PACKAGE}.`;
  if (!typeName.startsWith(own)) return code(typeName.slice(1));
  const name = typeName.slice(own.length);
  return `[${name}](#${name.toLowerCase().replaceAll('.', '')})`;
}

function enumSection({ value }: ProtoEnum, name: string, path: string, comments: Comments): string {
  const rows = value.map((one, at) => [
    String(one.number ?? 0),
    code(one.name),
    meaningOf(comments, `${path}.${ENUM_VALUE}.${at}`, one.name),
  ]);
  return section(name, commentOf(comments, path), table(['no.', 'value', 'meaning'], rows));
}

function section(title: string, about: string, content: string): string {
  return [`### ${title}`, ...(about === '' ? [] : [about]), content].join('\n\n');
}

/** The comment over a field, a value or a method; throws where there is none. */
function meaningOf(comments: Comments, path: string, name: string): string {
  const meaning = commentOf(comments, path);
  if (meaning === '') throw new Error(`${name} has no comment in proto/: say there what it is`);
  return meaning;
}

function commentOf(comments: Comments, path: string): string {
  return oneLine((comments.get(path) ?? '').replace(/^ *buf:lint:ignore .*$/gm, ''));
}

function oneLine(comment: string): string {
  return comment.trim().replace(/\s*\n\s*/g, ' ');
}
