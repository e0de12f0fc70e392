/** Standard base64 with padding, by the engine's own functions where it has them. */

interface NativeDecoder {
  fromBase64?: (text: string) => Uint8Array;
}
interface NativeEncoder {
  toBase64?: () => string;
}

const nativeDecode = (Uint8Array as NativeDecoder).fromBase64?.bind(Uint8Array);

/** Throws where the text is not base64. */
export function decodeBase64(text: string): Uint8Array {
  if (nativeDecode) return nativeDecode(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

const PIECE = 8192;

export function encodeBase64(bytes: Uint8Array): string {
  const native = (bytes as NativeEncoder).toBase64;
  if (native) return native.call(bytes);
  let binary = "";
  for (let start = 0; start < bytes.length; start += PIECE) {
    binary += String.fromCharCode(...bytes.subarray(start, start + PIECE));
  }
  return btoa(binary);
}
