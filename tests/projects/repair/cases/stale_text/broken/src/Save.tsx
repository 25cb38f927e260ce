export const Save = () => <button>Save changes</button>;
