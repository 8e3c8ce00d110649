"""Accounts that are safe, and that their owners get back into."""

from infra.demo.telling import chapter, expect, step
from infra.phone_app import PhoneApp


def safe_account(ana: PhoneApp, bo: PhoneApp, cy: PhoneApp) -> None:
    chapter("Accounts that are safe, and that their owners get back into")
    forget_password(ana)
    be_locked_out(bo)
    use_second_factor(ana)
    dispute(cy)


def forget_password(ana: PhoneApp) -> None:
    old = ana.password
    step("Ana has forgotten her password", "a code comes to her phone")
    ana.reset_password()
    step("She resets it with the code that came to her phone", "204")
    expect(ana.ask("GET", "/v1/me"), 401, code="UNAUTHENTICATED")
    expect(ana.try_password(old), 401, code="WRONG_CREDENTIALS")
    step("All her devices are signed out, and the old password opens nothing", "401")
    ana.sign_in()
    step("The new one does", "201")


def be_locked_out(bo: PhoneApp) -> None:
    tries = 0
    while (refused := bo.try_password("not the password")).status == 401:
        tries += 1
    expect(refused, 423, code="ACCOUNT_LOCKED")
    step(f"A stranger tries {tries} passwords of Bo's", f"423: {refused.json['detail']}")
    expect(bo.try_password(bo.password), 423, code="ACCOUNT_LOCKED")
    step("Now the right one opens nothing either", "423")
    bo.reset_password()
    bo.sign_in()
    step("Bo resets his password by SMS and is back at once", "201")


def use_second_factor(ana: PhoneApp) -> None:
    recovery_codes = ana.turn_on_two_factor()
    step("Ana turns two-factor on", f"{len(recovery_codes)} recovery codes, shown once")
    begun = ana.try_password(ana.password)
    expect(begun, 202)
    step("The password alone gives her no session", f"202, by {', '.join(begun.json['methods'])}")
    challenge_id, code = begun.json["challenge_id"], ana.totp_code(1)
    ana.take_second_step(challenge_id, "totp", code)
    step("A code of her authenticator does", "201")
    again = ana.try_password(ana.password).json["challenge_id"]
    path, given = f"/v1/sessions/challenges/{again}", {"method": "totp", "code": code}
    expect(ana.ask("POST", path, given), 422, code="WRONG_CODE")
    step("The same code once more", "422 WRONG_CODE")
    ana.take_second_step(again, "recovery", recovery_codes[0])
    step("A recovery code", "201")


def dispute(cy: PhoneApp) -> None:
    cy.register()
    cy.set_pay_password()
    event = cy.security_events()[0]
    answer = cy.ask("POST", f"/v1/me/security-events/{event['event_id']}/dispute")
    expect(answer, 202, account_status="frozen", signed_out=True)
    step(f'Cy says of "{event["kind"]}": this wasn\'t me', answer.json["next_step"])
    expect(cy.ask("GET", "/v1/me"), 401, code="UNAUTHENTICATED")
    step("Every device is signed out", "401")
