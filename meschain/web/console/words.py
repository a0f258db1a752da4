"""The words of the product as people read them, and how serious each is: states, kinds, reasons, acts.

A word that is not here yet is shown as the code has it, without its underscores; a test holds the lists complete.
"""

from collections.abc import Mapping

from meschain.audit.rules import Tag
from meschain.web.console import price_words
from meschain.web.console.language import N_
from meschain.web.console.wording import Word

RUN_STATUS = {
    "running": Word(N_("running"), "run"),
    "applied": Word(N_("applied"), "ok"),
    "held": Word(N_("held"), "warn"),
    "unchanged": Word(N_("unchanged")),
    "failed": Word(N_("failed"), "bad"),
    "rejected": Word(N_("rejected")),
    "rolled_back": Word(N_("rolled back")),
}
RUN_KIND = {
    "sync": Word(N_("sync")),
    "retry": Word(N_("retry of the quarantine")),
    "rollback": Word(N_("roll-back")),
    "expiry": Word(N_("deletion of what was missing for long")),
}
SUPPLIER_STATE = {
    "fresh": Word(N_("up to date"), "ok"),
    "running": Word(N_("running"), "run"),
    "held": Word(N_("held"), "warn"),
    "late": Word(N_("late"), "bad"),
    "new": Word(N_("never read")),
    "off": Word(N_("switched off")),
}
TRIGGER_STATE = {
    "queued": Word(N_("waiting")),
    "started": Word(N_("running"), "run"),
    "finished": Word(N_("finished"), "ok"),
    "failed": Word(N_("failed"), "bad"),
    "crashed": Word(N_("crashed"), "bad"),
    "cancelled": Word(N_("cancelled"), "warn"),
}
CHANNEL_STATE = {
    "active": Word(N_("active"), "ok"),
    "off": Word(N_("switched off")),
}
CHANGE_KIND = {
    "new": Word(N_("new"), "ok"),
    "changed": Word(N_("changed"), "run"),
    "missing": Word(N_("missing"), "warn"),
    "deleted": Word(N_("deleted"), "bad"),
    "returned": Word(N_("returned"), "ok"),
    "restored": Word(N_("restored"), "ok"),
    "withdrawn": Word(N_("withdrawn"), "bad"),
}
OFFER_STATE = {
    "active": Word(N_("listed"), "ok"),
    "listed": Word(N_("listed"), "ok"),
    "suspected": Word(N_("suspected to be gone"), "warn"),
    "late": Word(N_("feed late"), "warn"),
    "missing": Word(N_("missing"), "warn"),
    "deleted": Word(N_("deleted"), "bad"),
}
KEY_STATE = {
    "active": Word(N_("active"), "ok"),
    "expired": Word(N_("expired")),
    "revoked": Word(N_("revoked")),
}
PROOF_STATE = {
    "proved": Word(N_("proved"), "ok"),
    "pending": Word(N_("not under a checkpoint yet")),
    "broken": Word(N_("broken"), "bad"),
}
BULLETIN_STATUS = {
    "accepted": Word(N_("accepted"), "ok"),
    "held": Word(N_("held"), "warn"),
    "rejected": Word(N_("rejected")),
}
BANK = {"tcmb": Word(N_("Central Bank of Türkiye")), "ecb": Word(N_("European Central Bank"))}
RATE_SIDE = {"buying": Word(N_("the bank pays")), "selling": Word(N_("the bank asks"))}
LOG_LEVEL = {
    "DEBUG": Word("DEBUG"),
    "INFO": Word("INFO"),
    "WARNING": Word("WARNING", "warn"),
    "ERROR": Word("ERROR", "bad"),
    "CRITICAL": Word("CRITICAL", "bad"),
}
SESSION_KIND = {"api": Word(N_("program")), "browser": Word(N_("browser"))}
SCOPE_KIND = {"supplier": Word(N_("supplier")), "channel": Word(N_("channel"))}
REFUSAL_SCOPE = {"row": Word(N_("row refused"), "warn"), "field": Word(N_("value left out"))}
PROFILE_ORIGIN = {"proposed": Word(N_("proposed from the feed")), "declared": Word(N_("written by a person"))}
SOURCE_KIND = {"file": Word(N_("files on the server")), "http": Word(N_("web address"))}

OFFER_FIELD = {
    "supplier_sku": Word(N_("Code")),
    "gtin": Word(N_("Barcode (GTIN)")),
    "gtins": Word(N_("All barcodes")),
    "mpn": Word(N_("Maker's part number")),
    "title": Word(N_("Title")),
    "brand": Word(N_("Brand")),
    "category": Word(N_("Category")),
    "description": Word(N_("Description")),
    "cost": Word(N_("Cost")),
    "list_price": Word(N_("List price")),
    "currency": Word(N_("Currency")),
    "vat_rate": Word(N_("VAT rate")),
    "vat_included": Word(N_("VAT included")),
    "stock": Word(N_("Stock")),
    "stock_kind": Word(N_("Meaning of the stock")),
    "weight": Word(N_("Weight")),
    "weight_g": Word(N_("Weight (g)")),
    "length": Word(N_("Length")),
    "length_cm": Word(N_("Length (cm)")),
    "width": Word(N_("Width")),
    "width_cm": Word(N_("Width (cm)")),
    "height": Word(N_("Height")),
    "height_cm": Word(N_("Height (cm)")),
    "desi": Word(N_("Desi")),
    "image_urls": Word(N_("Pictures")),
    "attributes": Word(N_("Other details")),
    "variant_group": Word(N_("Variants of")),
    "status": Word(N_("State")),
    "deleted": Word(N_("Deleted")),
    "missing_since": Word(N_("Missing since")),
}

REASON = {
    "ambiguous_number": Word(N_("number that can be read in two ways")),
    "bad_expression": Word(N_("expression of the profile fails")),
    "duplicate_sku": Word(N_("code used twice in the feed")),
    "empty_record": Word(N_("nothing but a code")),
    "invalid_gtin": Word(N_("barcode with a wrong check digit")),
    "malformed": Word(N_("broken record")),
    "malformed_gtin": Word(N_("no barcode")),
    "malformed_number": Word(N_("no number")),
    "misplaced_line_end": Word(N_("line end within a field")),
    "misplaced_quote": Word(N_("quote within a field")),
    "missing_currency": Word(N_("price without a currency")),
    "missing_sku": Word(N_("no code")),
    "negative_number": Word(N_("negative number")),
    "negative_stock_is_none": Word(N_("negative stock, read as none")),
    "number_too_large": Word(N_("number too large")),
    "number_too_precise": Word(N_("too many digits behind the mark")),
    "other_currency": Word(N_("price in another currency")),
    "two_currencies": Word(N_("two currencies")),
    "unknown_currency": Word(N_("unknown currency")),
    "unknown_word": Word(N_("unknown word")),
    "vat_rate_above_100": Word(N_("VAT rate above 100")),
    "wrong_check_digit": Word(N_("barcode with a wrong check digit")),
    "wrong_encoding": Word(N_("wrong charset")),
    "wrong_number_of_fields": Word(N_("wrong number of fields")),
    "zero_is_no_price": Word(N_("price 0, read as none")),
    "zero_price": Word(N_("price 0")),
}

FINDING = {
    "row_loss": Word(N_("%(affected)s of %(of)s offers would vanish or can no longer be read")),
    "price_changes": Word(N_("%(affected)s of %(of)s prices would change")),
    "price_loss": Word(N_("%(affected)s of %(of)s offers would lose their price")),
    "out_of_stock": Word(N_("%(affected)s of %(of)s offers in stock would turn out of stock")),
    "duplicates": Word(N_("%(affected)s of %(of)s rows repeat a code of the same feed")),
    "charset_noise": Word(N_("%(affected)s of %(of)s texts look as if read with the wrong charset")),
    "nothing_accepted": Word(N_("Not one of %(of)s rows could be read; see the reasons and mend the profile")),
    "decimal_shift": Word(
        N_("%(affected)s of %(of)s changed prices are off by the same power of ten: a decimal mark may have moved")
    ),
}
"""What the safety gate finds, by rule."""

ACT = {
    Tag.API_KEY_CREATED: N_("API key made"),
    Tag.API_KEY_REVOKED: N_("API key revoked"),
    Tag.GRANT_ADDED: N_("Roles changed"),
    Tag.GRANT_REMOVED: N_("Role taken away"),
    Tag.INVITATION_ACCEPTED: N_("Invitation accepted"),
    Tag.INVITATION_CREATED: N_("Invitation made"),
    Tag.INVITATION_REVOKED: N_("Invitation revoked"),
    Tag.LOCKOUT_BEGAN: N_("Locked out after failed logins"),
    Tag.LOCKOUT_ENDED: N_("Lockout over"),
    Tag.LOGIN_FAILED: N_("Login failed"),
    Tag.LOGIN_SUCCEEDED: N_("Logged in"),
    Tag.MEMBERSHIP_REMOVED: N_("Member removed"),
    Tag.PASSWORD_CHANGED: N_("Password changed"),
    Tag.PASSWORD_RESET_REQUESTED: N_("Password link made"),
    Tag.PERMISSION_REFUSED: N_("Refused: not permitted"),
    Tag.RECOVERY_CODES_MADE: N_("Recovery codes made"),
    Tag.ROLE_CHANGED: N_("Role changed"),
    Tag.ROLE_CREATED: N_("Role made"),
    Tag.ROLE_REMOVED: N_("Role removed"),
    Tag.SECOND_FACTOR_DISABLED: N_("Second factor turned off"),
    Tag.SECOND_FACTOR_ENABLED: N_("Second factor turned on"),
    Tag.SESSION_REVOKED: N_("Session ended"),
    Tag.SIGNING_KEY_ROTATED: N_("Signing key of the tokens changed"),
    Tag.TENANT_CHANGED: N_("Settings changed"),
    Tag.TENANT_CREATED: N_("Tenant made"),
    Tag.TENANT_EXPORTED: N_("Tenant exported"),
    Tag.TENANT_REMOVED: N_("Tenant removed"),
    Tag.TOKEN_REUSED: N_("Token used twice: session ended"),
    Tag.USER_CHANGED: N_("User changed"),
    Tag.USER_CREATED: N_("User made"),
    Tag.LOG_EXPORTED: N_("Audit log exported"),
    Tag.LOG_KEY_ROTATED: N_("Signing key of the log changed"),
    Tag.OFFERS_EXPORTED: N_("Offers exported"),
    Tag.PROFILE_CHANGED: N_("Profile changed"),
    Tag.QUARANTINE_RETRIED: N_("Quarantine tried again"),
    Tag.RUN_APPROVED: N_("Run approved"),
    Tag.RUN_REJECTED: N_("Run rejected"),
    Tag.RUN_ROLLED_BACK: N_("Run rolled back"),
    Tag.SUPPLIER_CHANGED: N_("Supplier changed"),
    Tag.SUPPLIER_CREATED: N_("Supplier added"),
    Tag.CHANNEL_CHANGED: N_("Channel changed"),
    Tag.CHANNEL_CREATED: N_("Channel added"),
    Tag.FLOW_RUN_CANCELLED: N_("Flow stopped"),
    Tag.FLOW_RUN_REQUESTED: N_("Flow started"),
    Tag.FLOW_RUN_RETRIED: N_("Flow started again"),
    Tag.BACKUP_MADE: N_("Backup made"),
    Tag.BACKUP_RESTORED: N_("Backup restored"),
    Tag.VAULT_KEY_ROTATED: N_("Encryption key changed"),
    Tag.BULLETIN_ACCEPTED: N_("Rates approved"),
    Tag.BULLETIN_HELD: N_("Rates held"),
    Tag.BULLETIN_REJECTED: N_("Rates rejected"),
    Tag.PRICE_APPROVED: N_("Price below the floor approved"),
    Tag.PRICE_RULES_APPROVED: N_("Price rules approved"),
    Tag.PRICE_RULES_DRAFTED: N_("Price rules drafted"),
    Tag.TARIFF_ADDED: N_("Cargo tariff added"),
    Tag.TARIFF_REMOVED: N_("Cargo tariff removed"),
    Tag.TERM_ADDED: N_("Fee or tax added"),
    Tag.TERM_REMOVED: N_("Fee or tax removed"),
    Tag.PERSONAL_DATA_EXPORTED: N_("Personal data handed out"),
    Tag.PERSONAL_DATA_READ: N_("Personal data read"),
    Tag.SUBJECT_ERASED: N_("Person erased"),
    Tag.SECURITY_REPORTED: N_("Security report made"),
}

VOCABULARIES: Mapping[str, Mapping[str, Word]] = {
    "act": {tag.value: Word(label) for tag, label in ACT.items()},
    "bank": BANK,
    "bulletin": BULLETIN_STATUS,
    "change": CHANGE_KIND,
    "channel": CHANNEL_STATE,
    "field": OFFER_FIELD,
    "finding": FINDING,
    "key": KEY_STATE,
    "log": LOG_LEVEL,
    "offer": OFFER_STATE,
    "origin": PROFILE_ORIGIN,
    "proof": PROOF_STATE,
    "reason": REASON,
    "refusal": REFUSAL_SCOPE,
    "run": RUN_STATUS,
    "run-kind": RUN_KIND,
    "scope": SCOPE_KIND,
    "session": SESSION_KIND,
    "side": RATE_SIDE,
    "source": SOURCE_KIND,
    "supplier": SUPPLIER_STATE,
    "trigger": TRIGGER_STATE,
    **price_words.VOCABULARIES,
}


def word(code: str, vocabulary: str) -> Word:
    """The word for a code; the code itself, in words, if there is none."""
    return VOCABULARIES[vocabulary].get(code) or Word(code.replace("_", " "))
