// What the name of a file says about its first bytes: binary formats, which text cannot be. Pure.
import { decompressedName, extensionOf, type FileNames, isPageName, segmentsOf } from './named-content.ts'
import type { StandIn } from './stand-in.ts'

/**
 * Extensions of binary formats, by kind. Their files never begin like a page or an error message. Left out on purpose: `doc`,
 * `xls` and `ppt`, which office programs also write as HTML or XML; `pt`, also a page template; `ts` and `mts`, also programs;
 * `snap`, also the output of a test; `svgz`; `com`, the end of a host name; `001` and similar, parts of a file that can begin
 * anywhere in it.
 */
export const BINARY_FORMATS: Readonly<Record<string, string>> = {
  archives: `7z arj br bz bz2 bzip2 cab cpio gz gzip lha lz lz4 lzh lzma lzo rar sit sitx tar taz tb2 tbz tbz2 tgz tlz txz
    tzst xar xz z zip zipx zst zstd`,
  'packages and programs': `aab aarch64 aar amd64 apk appimage appx arm64 armhf class conda crate crx deb dex dll dmg dylib
    ear efi egg elf exe flatpak gem i386 i486 i586 i686 ipa jar msi msix msu nupkg pkg pyc rpm so sys udeb vsix war wasm
    whl x86_64 xapk xpi`,
  'disk images': 'box esd ext4 ima img iso ova qcow qcow2 squashfs uf2 vdi vhd vhdx vmdk wim',
  models: `caffemodel ckpt ggml gguf h5 hdf hdf5 he5 joblib keras mar mlmodel npy npz onnx pb pickle pkl pth safetensors
    tflite tfrecord`,
  data: `2bit accdb arrow avro bam bcf bigwig bw cram db3 dcm duckdb feather fits grb grb2 grib grib2 kmz las laz mbtiles mdb
    mmdb nc nc4 nii orc parquet pbf pcap pcapng pmtiles shp sqlite sqlite3 sra wacz warc zim`,
  documents: `azw azw3 chm djvu docm docx dotx epub mobi odg odp ods odt pdf ppsx pptm pptx xlsb xlsm xlsx xps`,
  'pictures and fonts': `apng avif bmp eot gif heic heif ico jp2 jpe jpeg jpg jxl otf png psd tif tiff ttc ttf webp woff
    woff2`,
  'sound and video': `3g2 3gp aac ac3 aif aifc aiff ape avi dts f4v flac flv m2ts m4a m4b m4v mid midi mka mkv mov mp3 mp4
    mpeg mpg mxf oga ogg ogv opus swf vob wav webm wma wmv wv`,
  others: 'chd gba gpg jks kdbx nds nes nsp p12 pfx pgp pk3 torrent unitypackage wad xci',
}

const BINARY: ReadonlySet<string> = new Set(
  Object.values(BINARY_FORMATS).flatMap((extensions) => extensions.split(/\s+/)),
)

/** Extensions of large files of any format. A Git LFS pointer in their place is not the file. */
export const ANY_BYTES: readonly string[] = 'bin dat data db model params pt raw t7 weights'.split(' ')

/** Extensions of text that can begin like a page. */
const MARKUP = /^(?:xml|xsl|xslt|svg|rss|atom|txt|text|md|markdown|vue|tpl|tmpl|mht|mhtml|eml|mbox|log)$/
/** Extensions of unfinished files, which say nothing. */
const UNFINISHED = /^(?:tmp|temp|part|partial|download|new)$/

const ALL: readonly StandIn[] = ['page', 'json', 'error', 'pointer']
const POINTER: readonly StandIn[] = ['pointer']
const NOTHING: readonly StandIn[] = []

/**
 * What a file of these names cannot be. The name that the file gets decides: that of the output, or the server's. If these
 * say nothing, any of the URLs decides, because a redirect to a login page has no extension any more. But if the requested
 * URL, which then names the file, is that of a text, nothing is suspected.
 */
export function suspectsFor({ urls, disposition, output }: FileNames): readonly StandIn[] {
  for (const name of [output, disposition]) {
    const extension = extensionOf(name)
    if (name !== null && extension !== null && !UNFINISHED.test(extension)) return suspectsIn(name)
  }
  const asked = segmentsOf(urls.slice(0, 1)).at(-1) ?? ''
  if (isMarkup(asked) || isPageName(asked, 'nothing')) return NOTHING
  const found = segmentsOf(urls).map(suspectsIn)
  return [ALL, POINTER].find((suspects) => found.includes(suspects)) ?? NOTHING
}

function suspectsIn(name: string): readonly StandIn[] {
  const extension = extensionOf(name) ?? ''
  if (ANY_BYTES.includes(extension)) return POINTER
  const decompressed = decompressedName(name)
  const isText = isMarkup(decompressed) || isPageName(decompressed, 'program')
  return BINARY.has(extension) && !isText ? ALL : NOTHING
}

function isMarkup(name: string): boolean {
  return MARKUP.test(extensionOf(name) ?? '')
}
