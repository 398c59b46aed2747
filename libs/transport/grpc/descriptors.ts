/** The descriptors of services and messages at run time: the files of `proto/`, by name and by symbol. */
import { createFileRegistry, type DescMessage, type DescService, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { DESCRIPTOR_SET } from '../../contracts/rpc.ts';

export interface Descriptors {
  /** The file and all its imports, itself first, as serialized FileDescriptorProto; undefined if there is no such file. */
  fileNamed(name: string): readonly Uint8Array[] | undefined;
  /** The file that defines a service, method, message, field, enum or enum value, as {@link fileNamed}. */
  fileOf(symbol: string): readonly Uint8Array[] | undefined;
  hasMessage(name: string): boolean;
  /** Full names of all services, sorted. */
  readonly services: readonly string[];
  /** All methods as `/package.Service/Method`, sorted. */
  readonly methods: readonly string[];
}

/** Throws if the bytes are not a descriptor set. */
export function readDescriptors(descriptorSet: Uint8Array = Buffer.from(DESCRIPTOR_SET, 'base64')): Descriptors {
  const set = fromBinary(FileDescriptorSetSchema, descriptorSet);
  const registry = createFileRegistry(set);
  const files = new Map(
    set.file.map((file) => [
      file.name,
      { bytes: toBinary(FileDescriptorProtoSchema, file), imports: file.dependency as readonly string[] },
    ]),
  );
  const fileOfSymbol = new Map<string, string>();
  const services: DescService[] = [];
  for (const type of registry) {
    const file = `${type.file.name}.proto`;
    fileOfSymbol.set(type.typeName, file);
    for (const member of membersOf(type)) fileOfSymbol.set(member, file);
    if (type.kind === 'service') services.push(type);
  }
  const closure = (name: string): readonly Uint8Array[] | undefined => {
    const names = new Set([name]);
    for (const each of names) for (const imported of files.get(each)?.imports ?? []) names.add(imported);
    return files.has(name) ? [...names].flatMap((each) => files.get(each)?.bytes ?? []) : undefined;
  };
  return {
    fileNamed: closure,
    fileOf(symbol) {
      const file = fileOfSymbol.get(symbol);
      return file === undefined ? undefined : closure(file);
    },
    hasMessage: (name) => registry.getMessage(name) !== undefined,
    services: services.map(({ typeName }) => typeName).sort(),
    methods: services.flatMap(({ typeName, methods }) => methods.map(({ name }) => `/${typeName}/${name}`)).sort(),
  };
}

type Described = ReturnType<typeof createFileRegistry> extends Iterable<infer Type> ? Type : never;

/** Full names of the definitions inside a type. Values of an enum are siblings of their enum. */
function membersOf(type: Described): string[] {
  switch (type.kind) {
    case 'service':
      return type.methods.map(({ name }) => `${type.typeName}.${name}`);
    case 'message':
      return fieldsOf(type);
    case 'enum': {
      const scope = type.typeName.slice(0, type.typeName.lastIndexOf('.') + 1);
      return type.values.map(({ name }) => scope + name);
    }
    case 'extension':
      return [];
  }
}

function fieldsOf(message: DescMessage): string[] {
  return [...message.fields, ...message.oneofs].map(({ name }) => `${message.typeName}.${name}`);
}
