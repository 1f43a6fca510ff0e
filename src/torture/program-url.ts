/** Where the program of a thread lies: beside the sources, or beside the build. */
export function programUrl(name: string): URL {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`../../actors/${name}${extension}`, import.meta.url);
}
