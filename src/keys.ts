// Keys as both generations of the SDK and every encoding take them. What had to be changed takes no other's place.

/** The SDKs refuse an empty key, and assigning to `__proto__` would set a prototype instead of an attribute. */
export function isAttributeKey(key: string): boolean {
  return key !== '' && key !== '__proto__' && key.isWellFormed()
}

/** Inside a value the SDKs take anything with an own `constructor` for a class instance and drop it whole. */
export function isNestedKey(key: string): boolean {
  return key !== 'constructor' && key !== '__proto__' && key.isWellFormed()
}

export function attributeKey(key: string, source: object, target: object): string {
  return isAttributeKey(key) ? key : freeKey(key, source, target)
}

export function nestedKey(key: string, source: object, target: object): string {
  return isNestedKey(key) ? key : freeKey(key, source, target)
}

function freeKey(key: string, source: object, target: object): string {
  let free = key.isWellFormed() ? `_${key}` : key.toWellFormed()
  while (Object.hasOwn(source, free) || Object.hasOwn(target, free)) free = `_${free}`
  return free
}
