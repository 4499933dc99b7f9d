/** How a client reaches an S3-compatible store. */
export interface Store {
  /** `http://ADDRESS:PORT`, without a path. */
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** The stores that tests can start, with the programs that each needs, and the Debian packages of these. */
export const STORES = {
  ceph: {
    programs: ['ceph-mon', 'ceph-osd', 'ceph', 'radosgw', 'setpriv'],
    packages: ['ceph-mon', 'ceph-osd', 'ceph-common', 'radosgw'],
  },
  swift: {
    programs: [
      'swift-proxy-server',
      'swift-account-server',
      'swift-container-server',
      'swift-object-server',
      'setpriv',
    ],
    packages: ['swift-proxy', 'swift-account', 'swift-container', 'swift-object'],
  },
} as const satisfies Record<string, { programs: readonly string[]; packages: readonly string[] }>

/** The name of a store that tests can start. */
export type StoreName = keyof typeof STORES
