// TABLE  words of which the passwords in published breaches are made, and whole ones of at least
// twelve characters that would pass without them.

const WORDS = `
password passwort passwd motdepasse contrasena parola senha wachtwoord haslo secret secure security
login admin administrator root user guest account access manager operator teller auditor banking
bank florin finance money credit payment ledger cash gold silver dollar euro
welcome hello letmein changeme default master trustno starwars pokemon batman superman spiderman
dragon monkey tiger lion eagle falcon panther wolf bear shadow ninja samurai warrior killer hunter
princess prince king queen angel devil heaven love loveyou iloveyou sweet sugar honey baby darling
flower rose lily daisy sunshine sunflower rainbow butterfly star moon summer winter autumn spring
january february march april june july august september october november december
monday tuesday wednesday thursday friday saturday sunday
football soccer baseball basketball hockey liverpool arsenal chelsea manchester barcelona juventus
london paris berlin madrid tokyo newyork boston chicago texas america england germany france
michael jordan jessica ashley daniel matthew andrew joshua robert thomas william charles richard
anthony joseph patrick alexander nicholas jennifer michelle nicole amanda samantha elizabeth maria
charlie maggie buster ginger pepper cookie chocolate banana orange apple cherry coffee cheese pizza
computer internet google facebook microsoft windows linux apple samsung amazon netflix matrix
server database network system test testing demo temp qwerty azerty asdf zxcv
thunder lightning phoenix mustang ferrari porsche mercedes harley corvette yamaha
jesus christ bible church blessed faith freedom forever family mother father sister brother friend
whatever nothing something everything number first black white green blue yellow purple
correct horse battery staple tobe ornot that the question
`;

const PASSWORDS = `
correcthorsebatterystaple thequickbrownfox thequickbrownfoxjumpsoverthelazydog
maythefourthbewithyou maytheforcebewithyou opensesame123 passwordpassword adminadminadmin
letmeinletmein iloveyouforever imissyousomuch jesuslovesme jesusismylord onceuponatime
winteriscoming gameofthrones lordoftherings harrypotter123 youshallnotpass toinfinityandbeyond
tobeornottobe neverguessme thisisapassword thisismypassword mypasswordis yourmotherwas
ncc1701enterprise trustno1trustno1 q1w2e3r4t5y6 zaq12wsxcde3 1qazxsw23edc qazwsxedcrfv
112233445566 121212121212 123123123123 147258369147 159753456852 abcd1234abcd a1b2c3d4e5f6
`;

const splitBy = (text: string): readonly string[] => text.trim().split(/\s+/);

export const commonWords: readonly string[] = [...new Set(splitBy(WORDS))].filter(
  (word) => word.length >= 4,
);

export const commonPasswords: ReadonlySet<string> = new Set(splitBy(PASSWORDS));
