"""What the columns of a list of students are called, by platform and language."""

from gradstop.grading.platforms.class_list import CANVAS, GRADESCOPE, MOODLE

# Headings as ``letters`` gives them; Moodle's are in the language of whoever exports.
HEADINGS = {
    "id": "username login loginid sisloginid user userid netid benutzername anmeldename nomdutilisateur "
    "nombredeusuario student studentid id",
    "first": "firstname givenname forename vorname prenom nombre voornaam nome imie имя 名 名字 fornamn fornavn",
    "last": "lastname surname familyname nachname nom nomdefamille apellido apellidos apellidoa achternaam "
    "cognome apelidos sobrenome nazwisko фамилия 姓 姓氏 efternamn efternavn etternavn",
    "name": "fullname name studentname displayname vollstandigername vollername nomcomplet nombrecompleto",
    "email": "emailaddress email mail emailadresse adressedecourriel courriel direcciondecorreo correoelectronico "
    "emailadres indirizzoemail enderecodeemail adresemail адресэлектронноипочты メールアトレス 电子邮件地址 "
    "epostadress epostadresse",
    "number": "idnumber sid studentnumber matrikelnummer matriculationnumber idnummer numerodidentification "
    "numerodeid numerodeidentificacao numeroid numerid sisuserid sisid",
    "participant": "identifier identifiant identificador",
    "group": "group groups groupname team gruppe gruppen groupe groupes grupo grupos",
    "user": "canvasuserid",
    "role": "roles role rolle rollen role roles rol",
}
_CANVAS = {"student": "name", "id": "user", "sisuserid": "number", "sisloginid": "id", "section": "section"}
_NAMES_SOMEBODY = {"id", "email", "name", "number", "last"}


def columns_of(heads: list[str]) -> tuple[str, dict[str, int]]:
    """Return whose list this is, and which column says what; ``heads`` are the columns' as ``letters`` gives them."""
    if {"student", "id"} <= {*heads} and {"section", "sisloginid", "sisuserid"} & {*heads}:
        return CANVAS, {key: heads.index(head) for head, key in _CANVAS.items() if head in heads}
    found: dict[str, int] = {}
    for key, names in HEADINGS.items():
        for name in names.split():
            if name in heads:
                found.setdefault(key, heads.index(name))
    if "sid" in heads:
        return GRADESCOPE, found
    return MOODLE if {"participant", "number"} & found.keys() or "emailaddress" in heads else "", found


def names_somebody(columns: dict[str, int]) -> bool:
    """Whether one of the columns says who a row is about."""
    return bool(_NAMES_SOMEBODY & columns.keys())
