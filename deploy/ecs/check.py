#!/usr/bin/env python3
"""check.py - holds the documents of documents.py against AWS's own models, without asking AWS.

botocore is put into a venv in ~/.cache/troupe-deploy; where it cannot be had, this ends with 77.
"""
import base64
import json
import os
import pathlib
import re
import subprocess
import sys

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"), "troupe-deploy")
PACKAGE = "botocore==1.44.5"
SKIPPED = 77
USER_DATA_MAX = 16384  # bytes, of EC2
problems = []


def expect(right, what):
    if not right:
        problems.append(what)


def into_venv():
    """Goes on under a python that has botocore."""
    venv = CACHE / f"venv-{PACKAGE}"
    python = venv / "bin" / "python"
    if sys.prefix == str(venv):
        return
    if not (venv / "complete").exists():
        for step in ([sys.executable, "-m", "venv", "--clear", str(venv)],
                     [str(python), "-m", "pip", "install", "--quiet", PACKAGE]):
            done = subprocess.run(step, capture_output=True, text=True)
            if done.returncode:
                print(f"skipped: {PACKAGE} cannot be had: {done.stderr.strip()[-300:]}")
                sys.exit(SKIPPED)
        (venv / "complete").touch()
    sys.stdout.flush()
    os.execv(python, [str(python), *sys.argv])


def faults(session, service, operation, request):
    """What botocore says; '' when it would be sent."""
    from botocore.validate import ParamValidator
    shape = session.get_service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(request, shape)
    return report.generate_report() + "\n".join(enum_faults(request, shape, operation))


def enum_faults(value, shape, path):
    """botocore leaves these to the server."""
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, inner in value.items():
            if name in shape.members:
                yield from enum_faults(inner, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list" and isinstance(value, list):
        for inner in value:
            yield from enum_faults(inner, shape.member, f"{path}[]")
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {shape.enum}"


def check_self(session, found):
    """A check that finds nothing in broken documents would be none."""
    def broken(name, change):
        service, operation, request = found[name]
        request = json.loads(json.dumps(request))
        change(request)
        return faults(session, service, operation, request)
    template = "launch-template-executor.json"
    for what, fault in {
            "a missing member": broken("task-coordinator.json", lambda r: r.pop("family")),
            "a wrong type": broken("task-monitor.json", lambda r: r["containerDefinitions"][0].update(cpu="1")),
            "an unknown member": broken(template, lambda r: r["LaunchTemplateData"].update(Imds=2)),
            "a word that is not allowed": broken(template, lambda r: r["LaunchTemplateData"][
                "MetadataOptions"].update(HttpTokens="needed"))}.items():
        expect(fault, f"{what} was not found")


def check_roles(documents):
    """No role of the product is without a task; executors have a task that is no service, two roles are
    not for a process of their own, and for models there is no server there yet."""
    terms = (pathlib.Path(__file__).resolve().parents[2] / "proto" / "terms.def").read_text()
    roles = set(re.findall(r'TERM\(role,\s*\w+,\s*\d+,\s*"(\w+)"\)', terms))
    expect(roles - {"executor", "client", "admin", "models"} == set(documents.ROLES),
           f"roles differ: {roles ^ set(documents.ROLES)}")


def check_machine(request):
    data = request["LaunchTemplateData"]
    script = base64.b64decode(data["UserData"])
    expect(len(script) <= USER_DATA_MAX, "user data are too long")
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True)
    expect(done.returncode == 0, f"user data: {done.stderr.decode()}")
    expect("IamInstanceProfile" not in data, "an executor must have no role")
    options = data["MetadataOptions"]
    expect(options["HttpTokens"] == "required" and options["HttpPutResponseHopLimit"] == 1,
           "IMDSv2 with one hop is required")


def check_policy(session, name, request):
    """Every action is one that exists, on a thing by its full name or in a cluster by its name."""
    for statement in json.loads(request["PolicyDocument"])["Statement"]:
        for action in statement["Action"]:
            service, _, operation = action.partition(":")
            operations = session.get_service_model(service).operation_names
            expect(operation in operations or action == "iam:PassRole", f"{name}: no action {action}")
        wide = "*" in statement["Resource"]
        expect(not wide or "ecs:cluster" in json.dumps(statement.get("Condition", {})),
               f"{name}: too wide: {statement['Resource']}")


def check_executor(request):
    """What runs tests has no credentials, and Fargate takes it."""
    expect("taskRoleArn" not in request, "an executor must have no role")
    container = request["containerDefinitions"][0]
    parameters = container["linuxParameters"]
    expect(set(parameters) == {"capabilities"} and set(parameters["capabilities"]) == {"drop"},
           "Fargate adds no capability, and has no tmpfs")
    expect(container["stopTimeout"] <= 120, "Fargate waits for two minutes at most")


def check_command(name, request):
    """What the shell gets is a program."""
    for container in request["containerDefinitions"]:
        done = subprocess.run(["sh", "-n", "-c", container["command"][0]], capture_output=True)
        expect(done.returncode == 0, f"{name}: {done.stderr.decode()}")


def main():
    into_venv()
    import botocore.session
    import documents
    session = botocore.session.get_session()
    found = documents.documents()
    for name, (service, operation, request) in found.items():
        fault = faults(session, service, operation, request)
        expect(not fault, f"{name}: {fault}")
        if operation == "RegisterTaskDefinition":
            check_command(name, request)
    check_self(session, found)
    check_roles(documents)
    check_machine(found["launch-template-executor.json"][2])
    check_executor(found["task-executor.json"][2])
    for name, (_, operation, request) in found.items():
        if operation == "CreatePolicy":
            check_policy(session, name, request)
    for problem in problems:
        print(problem)
    print(f"{len(found)} documents, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
