/** The file system that a container sees: the programs of this machine, Node, `/app` of the image, and the mounts of its pod. */

export interface Mount {
  /** Where in the container. */
  readonly path: string;
  /** A file or folder of this machine; undefined for an empty folder that may be written. */
  readonly source: string | undefined;
  readonly isReadOnly?: boolean;
}

export interface RootFolder {
  /** An empty folder of this machine, on which the root is mounted. */
  readonly folder: string;
  readonly app: string;
  /** The file of names. */
  readonly hosts: string;
  readonly mounts: readonly Mount[];
  readonly isReadOnly: boolean;
}

const SYSTEM = ['usr', 'lib', 'lib64', 'bin', 'sbin'];
/** What name look-ups and users need of /etc. */
const SETTINGS = ['passwd', 'group', 'nsswitch.conf', 'ld.so.cache', 'host.conf'];

/** The command that runs another in such a root, as this user, with no capability and no way to get one. */
export function within(
  root: RootFolder,
  { uid, gid }: { readonly uid: number; readonly gid: number },
  command: readonly string[],
): string[] {
  const user = [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--no-new-privs',
    '--bounding-set=-all',
    '--inh-caps=-all',
  ];
  const script = `${setUp(root).join('\n')}\nexec /usr/sbin/chroot "$0" "$@"`;
  return [
    'unshare',
    '--mount',
    'sh',
    '-ec',
    script,
    root.folder,
    ...user,
    'sh',
    '-c',
    'cd /app && exec "$@"',
    'sh',
    ...command,
  ];
}

function setUp({ folder, app, hosts, mounts, isReadOnly }: RootFolder): string[] {
  const at = (path: string) => quoted(`${folder}${path}`);
  const bind = (source: string, path: string, readOnly: boolean) => [
    `mount --bind ${quoted(source)} ${at(path)}`,
    ...(readOnly ? [`mount -o remount,bind,ro ${at(path)}`] : []),
  ];
  return [
    'mount --make-rprivate /',
    `mount -t tmpfs -o mode=0755 root ${quoted(folder)}`,
    ...SYSTEM.flatMap((name) => [
      `if [ -L /${name} ]; then cp -P /${name} ${at(`/${name}`)};`,
      `elif [ -d /${name} ]; then mkdir ${at(`/${name}`)}; mount --rbind /${name} ${at(`/${name}`)}; fi`,
    ]),
    `mkdir -p ${['/etc', '/proc', '/dev', '/tmp', '/app'].map(at).join(' ')}`,
    `chmod 1777 ${at('/tmp')}`,
    `mount --rbind /proc ${at('/proc')}`,
    `mount --rbind /dev ${at('/dev')}`,
    ...SETTINGS.map((name) => `[ ! -e /etc/${name} ] || cp -L /etc/${name} ${at(`/etc/${name}`)}`),
    `touch ${at('/etc/hosts')}`,
    ...bind(hosts, '/etc/hosts', true),
    // The image has its Node here; this machine's may be another one.
    `mount -t tmpfs local ${at('/usr/local')}`,
    `mkdir ${at('/usr/local/bin')}; touch ${at('/usr/local/bin/node')}`,
    `mount --bind ${quoted(process.execPath)} ${at('/usr/local/bin/node')}`,
    ...bind(app, '/app', true),
    ...mounts.flatMap(({ path, source, isReadOnly: readOnly = false }) =>
      source === undefined
        ? [`mkdir -p ${at(path)}`, `mount -t tmpfs -o mode=1777 volume ${at(path)}`]
        : [
            `if [ -d ${quoted(source)} ]; then mkdir -p ${at(path)}; else mkdir -p $(dirname ${at(path)}); touch ${at(path)}; fi`,
            ...bind(source, path, readOnly),
          ],
    ),
    ...(isReadOnly ? [`mount -o remount,bind,ro ${quoted(folder)}`] : []),
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
