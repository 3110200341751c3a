/** Of this package: package.json's own, which a bundled app has not beside it. */
export const version = '0.1.0'
